package testbed

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/octagate/octagate/manifests"
)

// account is who octagate is to the API server.
const account = "system:serviceaccount:" + manifests.Namespace + ":" + manifests.Name

// theAccount are the kinds of objects of the base that make the account and its rights.
var theAccount = map[string]bool{
	"Namespace": true, "ServiceAccount": true,
	"ClusterRole": true, "ClusterRoleBinding": true, "Role": true, "RoleBinding": true,
}

// installAccount installs octagate's account with the rights that ship, and none of what
// would run in the cluster: octagate is a process here. octagate gets a kubeconfig with
// the token of that account.
func (c *Cluster) installAccount(ctx context.Context) error {
	objects, err := manifests.Base()
	if err != nil {
		return err
	}
	for _, o := range objects {
		if !theAccount[o.GetKind()] {
			continue
		}
		if err := c.Client.Create(ctx, o); err != nil {
			return fmt.Errorf("installing the %s %s: %w", o.GetKind(), o.GetName(), err)
		}
	}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: new(int64(86400))}}
	owner := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: manifests.Namespace, Name: manifests.Name}}
	if err := c.Client.SubResource("token").Create(ctx, owner, request); err != nil {
		return fmt.Errorf("asking for a token of octagate's account: %w", err)
	}
	return c.writeKubeconfig(request.Status.Token)
}

// ownKubeconfig is the path of octagate's kubeconfig.
func (c *Cluster) ownKubeconfig() string { return filepath.Join(c.dir, "octagate-kubeconfig") }

func (c *Cluster) writeKubeconfig(token string) error {
	config := api.NewConfig()
	config.Clusters["testbed"] = &api.Cluster{Server: c.Config.Host, CertificateAuthorityData: c.Config.CAData}
	config.AuthInfos["octagate"] = &api.AuthInfo{Token: token}
	config.Contexts["testbed"] = &api.Context{Cluster: "testbed", AuthInfo: "octagate"}
	config.CurrentContext = "testbed"
	text, err := clientcmd.Write(*config)
	if err == nil {
		err = os.WriteFile(c.ownKubeconfig(), text, 0o600)
	}
	if err != nil {
		return fmt.Errorf("writing octagate's kubeconfig: %w", err)
	}
	return nil
}
